"""Code that runs a model elsewhere: in a web page, a script of one's own, an app on a phone.

The code stands in `templates/`, as plain files in their own language; `render` puts a model's facts, the sentences and
the addresses in. Web pages run the model with LiteRT.js, which takes the app's own file, or with TF.js, which brings
MobileNets; the rule of `lib.verdict` is in the code and says the same in the same words.
"""

from lib.embed.mobilenets import MOBILENETS, TfjsMobilenet, matching
from lib.embed.notes import steps
from lib.embed.options import Engine, Input, Options, Target, Weights, tfjs_model
from lib.embed.preview import preview, preview_files
from lib.embed.snippet import Snippet, companions, render
from lib.embed.web import weights_file

__all__ = [
    "MOBILENETS", "Engine", "Input", "Options", "Snippet", "Target", "TfjsMobilenet", "Weights", "companions",
    "matching", "preview", "preview_files", "render", "steps", "tfjs_model", "weights_file",
]  # fmt: skip
