"""The samples are real photos that are installed with the app."""

import subprocess
import sys

from lib.photos.opening import open_photo
from lib.photos.samples import find_samples


def test_every_sample_is_installed_and_can_be_opened() -> None:
    samples = find_samples()
    assert len(samples) >= 6
    for sample in samples:
        assert min(open_photo(sample.path.read_bytes(), sample.name).size) >= 200


def test_finding_samples_does_not_import_their_packages() -> None:
    code = "import sys; from lib.photos.samples import find_samples; find_samples(); print('skimage' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
