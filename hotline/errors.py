"""What can be wrong with the machine or the call, grouped by what the operator does next.

Each text names what is wrong and the way out, in one paragraph or in a line for each thing; the
command prints it and ends with exit code 2.
"""


class HotlineError(Exception):
    """A fault of the environment or of the call, never of the program."""


class PortTakenError(HotlineError):
    """A port we need belongs to another process."""


class MissingProgramError(HotlineError):
    """A program or a system library is not installed."""


class AlreadyRunningError(HotlineError):
    """Another process holds the same data folder."""


class LeftOverError(HotlineError):
    """A process of an earlier run is still there and cannot be ended safely."""


class UnusableFolderError(HotlineError):
    """The data folder cannot be written to, or its path cannot be used."""


class NoLocalhostError(HotlineError):
    """The machine does not know the name ``localhost``."""


class StartFailedError(HotlineError):
    """A program was started and ended, or did not become ready in time."""


class MissingLibraryError(StartFailedError):
    """A program was started and a system library it needs is not installed."""


class UnusableSettingError(HotlineError):
    """A setting has a value that cannot be used, or names a server that does not answer."""
