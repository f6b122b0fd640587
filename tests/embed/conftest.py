"""Chromium with the network cut, the npm packages in the CDN's place, and models and photos to run the code on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from lib.catalogue.store import Store
from lib.embed.packages import pins
from lib.embed.scripts import Scripts
from lib.model.spec import ModelFolder
from lib.photos.samples import find_samples
from tests.embed import mobilenet_graph, packages
from tests.embed.packages import Node, NoPackagesError
from tests.embed.site import Cut, Site, serve
from tests.support.mirror import Mirror
from tests.support.mirror import serve as serve_mirror

SHARED = Path(__file__).resolve().parents[3] / "shared"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what drives the browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents and "context" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def node() -> Node:
    """Return Node, with the locked packages installed."""
    try:
        return packages.install()
    except NoPackagesError as error:
        pytest.fail(str(error))


@pytest.fixture(scope="module")
def mirror(node: Node) -> Iterator[Mirror]:
    """Serve the packed packages by bare name, as their registry has them."""
    with serve_mirror(Mirror()) as running, pytest.MonkeyPatch.context() as patch:
        running.files.update({pin.tarball: packages.tarball(name) for name, pin in pins().items()})
        patch.setenv("DISCERN_MIRROR", running.address)
        yield running


@pytest.fixture(scope="module")
def scripts(mirror: Mirror, tmp_path_factory: pytest.TempPathFactory) -> Scripts:
    """Keep what was fetched for the next test."""
    return Scripts(tmp_path_factory.mktemp("home"))


@pytest.fixture
def site() -> Iterator[Site]:
    """Serve nothing yet."""
    with serve() as served:
        yield served


@pytest.fixture
def context(browser: Browser, node: Node) -> Iterator[BrowserContext]:
    """Open a window that remembers nothing; nothing in it may take longer than a minute."""
    opened = browser.new_context(locale="en-US", permissions=["camera"])
    opened.set_default_timeout(60_000)
    yield opened
    opened.close()


@pytest.fixture
def cut(context: BrowserContext) -> Iterator[Cut]:
    """Cut the network of `context`; asking any other host fails the test."""
    network = Cut(context)
    yield network
    assert not network.strangers, f"The page asked other hosts: {network.strangers}"


@pytest.fixture
def page(context: BrowserContext, cut: Cut) -> Page:
    """Open an empty page without a network."""
    return context.new_page()


@pytest.fixture(scope="session")
def layers() -> tuple[mobilenet_graph.Layer, ...]:
    """Return real weights of MobileNet V1 0.25 where they are at hand, else random ones."""
    weights = SHARED / "models" / "keras" / "mobilenet_2_5_128_tf.h5"
    return mobilenet_graph.keras_layers(weights) if weights.is_file() else mobilenet_graph.random_layers()


@pytest.fixture(scope="session")
def graph(layers: tuple[mobilenet_graph.Layer, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a TF.js graph model."""
    folder = tmp_path_factory.mktemp("graph")
    mobilenet_graph.write(folder, layers)
    return folder


@pytest.fixture(scope="session")
def small_graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a TF.js graph model of the same kind that runs in no time."""
    folder = tmp_path_factory.mktemp("small-graph")
    mobilenet_graph.write(folder, mobilenet_graph.small_layers())
    return folder


@pytest.fixture(scope="session")
def starter() -> ModelFolder:
    """Return the shipped starter model."""
    return Store(Path("nowhere")).open_folder("starter-scratch")


@pytest.fixture(scope="session")
def thousand(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    """Return the model of ImageNet's thousand classes that comes with the app: 8-bit, uint8 in, float32 out."""
    return Store(tmp_path_factory.mktemp("home")).open_folder("efficientnet-lite0-int8")


@pytest.fixture(scope="session")
def grafted(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    """Return the model whose head is ours: normalised features, in real numbers behind an 8-bit network."""
    return Store(tmp_path_factory.mktemp("home")).open_folder("starter")


@pytest.fixture(scope="session")
def photos() -> tuple[Path, ...]:
    """Return real photos: the bundled samples, and more where they are at hand."""
    more = sorted((SHARED / "photos" / "imagenet-sample").glob("*.JPEG"))[::10]
    found = (*(sample.path for sample in find_samples()), *more)
    assert len(found) >= 7
    return found
