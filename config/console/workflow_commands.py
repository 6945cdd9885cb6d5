"""Escapes for GitHub's workflow commands (docs.github.com, "Workflow commands")."""


def github_message(content: str) -> str:
    """Return `content` as the message of a workflow command, which is one line."""
    return content.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def github_property(content: str) -> str:
    """Return `content` as a property of a workflow command, such as its title."""
    return github_message(content).replace(":", "%3A").replace(",", "%2C")
