"""What is dangerous about migrations that are about to run, and what to do instead.

`find` asks `steps` what SQL each operation of a plan stands for, `squawk` what is dangerous about
it, and `rules` what of that counts here; `instead` writes the migrations that do it safely.
"""
