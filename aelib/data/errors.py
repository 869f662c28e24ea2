"""What is raised where images cannot be had."""


class DataError(RuntimeError):
    """The images asked for cannot be had; the message says why and what to do."""

    def __init__(self, message):
        # A path may hold bytes that are no text in any encoding; they must not break the printing.
        super().__init__(message.encode("utf-8", "backslashreplace").decode())


class NoNetworkError(DataError):
    """Files are missing and could not be downloaded."""
