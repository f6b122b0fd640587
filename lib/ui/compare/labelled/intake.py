"""The way in for labelled photos: a zip file or a folder, read once, outside the page's own thread."""

import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

import streamlit as st
from streamlit.typing import UploadedFile

from lib.datasets.labelled import LabelledPhotos
from lib.datasets.reading import read_zip
from lib.errors import AppError
from lib.i18n import Translator
from lib.photos.source import Skipped
from lib.ui import waiting
from lib.ui.internals import release
from lib.ui.style import plain
from lib.ui.visit import current, space
from lib.work.jobs import Job, Kind

_JOB = "read-labelled"
_ROUND = "known_round"
_MAX_MB = 512
_MOST_LISTED = 500


def draw_intake(t: Translator, *, on_new: Callable[[], None]) -> LabelledPhotos | None:
    """Draw the uploaders, folded once there are photos; return the photos read last.

    The visit keeps them when the page is left. None while others are being read; `on_new` is called when they were.
    """
    visit = current()
    label = t("Labelled photos") if visit.known is None else _described(t, visit.known)
    with st.expander(label, expanded=visit.known is None, icon=":material/folder_open:"):
        packed, files = _uploaders(t)
    if packed is not None or files:
        _begin(t, packed, files)
        # Once is enough: an uploader hands its files over at every click, and keeps them in memory.
        release([*([packed] if packed is not None else []), *files])
        st.session_state[_ROUND] += 1
        st.rerun()
    if visit.problem is not None:
        st.error(plain(t.message(visit.problem.message)), icon=":material/error:")
    job = waiting.find(_JOB)
    read = waiting.watch(t, job, t("Reading…"))
    if read is not None and isinstance(read.result, _Read):
        visit.known, visit.known_bytes = read.result.known, read.result.size
        waiting.drop(_JOB)
        on_new()
        st.rerun()
    return None if job is not None and job.is_live else visit.known


def _uploaders(t: Translator) -> tuple[UploadedFile | None, Sequence[UploadedFile]]:
    """Draw both ways in; return what came, a zip file or the files of a folder."""
    st.write(
        t(
            "Upload a zip file or a folder. Put the photos of each class into their own folder (cat/…, dog/…), or add "
            "a labels.csv with the columns file and label. A folder called _other is for photos of nothing that the "
            "models know: it shows how well they know what they do not know."
        )
    )
    turn = st.session_state.setdefault(_ROUND, 0)
    as_zip, as_folder = st.columns(2, wrap=True)
    with as_zip:
        packed = st.file_uploader(t("Zip file"), type=["zip"], key=f"zip-{turn}", max_upload_size=_MAX_MB)
    with as_folder:
        files = st.file_uploader(t("Folder"), accept_multiple_files="directory", key=f"folder-{turn}")
    return packed, files


def _described(t: Translator, known: LabelledPhotos) -> str:
    """Return how many photos of how many classes there are."""
    photos = t.plural("{n} photo", "{n} photos", len(known.photos))
    classes = t.plural("{n} class", "{n} classes", len(known.classes))
    return f"**{plain(known.name)}** · {photos} · {classes}"


def draw_skipped(t: Translator, skipped: Sequence[Skipped]) -> None:
    """Draw the files that were left out, with the reasons."""
    if not skipped:
        return
    with st.expander(
        t.plural("{n} file was left out", "{n} files were left out", len(skipped)), icon=":material/rule:"
    ):
        st.markdown("\n".join(f"- {plain(t.message(one.reason))}" for one in skipped[:_MOST_LISTED]))
        if len(skipped) > _MOST_LISTED:
            st.caption(t("The first {shown} are shown.", shown=_MOST_LISTED))


class _Read:
    """Labelled photos that were read from `size` bytes."""

    def __init__(self, known: LabelledPhotos, size: int) -> None:
        self.known, self.size = known, size


def _begin(t: Translator, packed: UploadedFile | None, files: Sequence[UploadedFile]) -> None:
    """Begin to read a zip file or a folder, if the visit has room for it."""
    visit = current()
    visit.problem = None
    data, name = (
        (packed.getvalue(), packed.name)
        if packed is not None
        else (_pack(files), PurePosixPath(files[0].name).parts[0])
    )
    try:
        space().take(len(data) - visit.known_bytes)  # what was read before goes
    except AppError as error:
        visit.problem = error
        return

    def read(_: Job) -> _Read:
        return _Read(read_zip(data, name), len(data))

    waiting.begin(t, Kind.READING, _JOB, read)


def _pack(files: Sequence[UploadedFile]) -> bytes:
    """Return the files of a folder as the zip file it would be, so that both ways in are one."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as packed:
        for file in files:
            packed.writestr(str(file.name), file.getvalue())
    return buffer.getvalue()
