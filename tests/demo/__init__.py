"""The demonstration data: does it add up?"""
