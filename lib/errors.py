"""Everything that can go wrong for a reason a person can act on.

    AppError
    ├── UsageError             a setting or an argument is at fault
    ├── PhotoError             the photo is at fault; another one may work
    ├── DatasetError           a folder of labelled photos is at fault
    ├── ModelError             the model or its files are at fault; another photo will not help
    │   ├── UnknownModelError  no model has this id
    │   ├── ModelNotReadyError known, but its files are not on this machine yet
    │   ├── ModelFileError     its files are missing, damaged or contradict each other
    │   └── ModelOutputError   it ran, but its answer is not a set of probabilities
    ├── DownloadError          a file could not be fetched whole
    ├── TrainingError          a training run did not reach a model
    └── WorkerError            a child process died, ran too long or used too much memory

Anything else that is raised is a bug, and stays loud.
"""

from lib.messages import Message


class AppError(Exception):
    """Base of the tree.

    Args:
        text: One English sentence with `{name}` placeholders, marked with `lib.messages.N_`. It names the file or
            setting, says what was expected and what to do.
        values: What fills the placeholders.

    Attributes:
        message: The sentence and its values, to be put into the reader's language.
    """

    def __init__(self, text: str, **values: object) -> None:
        self.message = Message(text, values)
        super().__init__(str(self.message))


class UsageError(AppError):
    """A setting or an argument is at fault."""


class PhotoError(AppError):
    """The photo is at fault; another one may work."""


class DatasetError(AppError):
    """A folder of labelled photos is at fault."""


class ModelError(AppError):
    """The model or its files are at fault; another photo will not help."""


class UnknownModelError(ModelError):
    """No model has this id."""


class ModelNotReadyError(ModelError):
    """The model is known, but its files are not on this machine yet."""


class ModelFileError(ModelError):
    """The model's files are missing, damaged or contradict each other."""


class ModelOutputError(ModelError):
    """The model ran, but its answer is not a set of probabilities."""


class DownloadError(AppError):
    """A file could not be fetched whole."""


class TrainingError(AppError):
    """A training run did not reach a model."""


class WorkerError(AppError):
    """A child process died, ran too long or used too much memory."""
