"""Everything that can go wrong for a reason a person can act on.

    AppError                   error            base of the tree
    ├── UsageError             usage            a setting or an argument is at fault
    ├── PhotoError             photo            the photo is at fault; another one may work
    ├── DatasetError           dataset          a folder of labelled photos is at fault
    ├── ModelError             model            the model or its files are at fault; another photo will not help
    │   ├── UnknownModelError  model-unknown    no model has this id
    │   ├── ModelNotReadyError model-not-ready  known, but its files are not on this machine yet
    │   │   └── ModelPackageError  model-package  its weights come in a Python package that is missing or altered
    │   ├── ModelFileError     model-file       its files are missing, damaged or contradict each other
    │   └── ModelOutputError   model-output     it ran, but its answer is not a set of probabilities
    ├── DownloadError          download         a file could not be fetched whole
    ├── TrainingError          training         a training run did not reach a model
    ├── FullError              full             there is no room for more here, until something goes
    ├── WorkerError            worker           a child process died, ran too long or used too much memory
    └── Cancelled              cancelled        work was cancelled on request

The second column is the class's `code`: other programs rely on it, so it never changes. Errors travel between processes
(`pickle`, `lib.work.process`) with their class, sentence and values.

Anything else that is raised is a bug, and stays loud.
"""

from typing import ClassVar

from lib.messages import N_, Message


class AppError(Exception):
    """Base of the tree.

    Args:
        text: One English sentence with `{name}` placeholders, marked with `lib.messages.N_`. It names the file or
            setting, says what was expected and what to do.
        values: What fills the placeholders.

    Attributes:
        code: What kind of error this is, for programs.
        message: The sentence and its values, to be put into the reader's language.
    """

    code: ClassVar[str] = "error"

    def __init__(self, text: str, **values: object) -> None:
        super().__init__(text)  # what pickle makes the error anew from, before it adds the message
        self.message = Message(text, values)

    def __str__(self) -> str:
        """Return the sentence in English."""
        return str(self.message)


class UsageError(AppError):
    """A setting or an argument is at fault."""

    code = "usage"


class PhotoError(AppError):
    """The photo is at fault; another one may work."""

    code = "photo"


class DatasetError(AppError):
    """A folder of labelled photos is at fault."""

    code = "dataset"


class ModelError(AppError):
    """The model or its files are at fault; another photo will not help."""

    code = "model"


class UnknownModelError(ModelError):
    """No model has this id."""

    code = "model-unknown"


class ModelNotReadyError(ModelError):
    """The model is known, but its files are not on this machine yet."""

    code = "model-not-ready"


class ModelPackageError(ModelNotReadyError):
    """The Python package that its weights come in is missing or altered."""

    code = "model-package"


class ModelFileError(ModelError):
    """The model's files are missing, damaged or contradict each other."""

    code = "model-file"


class ModelOutputError(ModelError):
    """The model ran, but its answer is not a set of probabilities."""

    code = "model-output"


class DownloadError(AppError):
    """A file could not be fetched whole."""

    code = "download"


class TrainingError(AppError):
    """A training run did not reach a model."""

    code = "training"


class FullError(AppError):
    """There is no room for more, until something goes."""

    code = "full"


class WorkerError(AppError):
    """A child process died, ran too long or used too much memory."""

    code = "worker"


class Cancelled(AppError):  # noqa: N818 - nothing went wrong: what was asked for was done
    """Work was cancelled on request."""

    code = "cancelled"

    def __init__(self, text: str = N_("The task was cancelled."), **values: object) -> None:
        super().__init__(text, **values)


def class_of(code: str) -> type[AppError]:
    """Return the class with this code; AppError for a code that none has."""
    classes = (known for known in globals().values() if isinstance(known, type) and issubclass(known, AppError))
    return next((known for known in classes if known.code == code), AppError)
