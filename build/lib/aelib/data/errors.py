"""What is raised where images cannot be had."""


class DataError(RuntimeError):
    """The images asked for cannot be had; the message says why and what to do."""


class NoNetworkError(DataError):
    """Files are missing and the place they come from does not answer."""
