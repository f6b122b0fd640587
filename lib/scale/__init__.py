"""The same answers on many machines: Ray, which is optional (requirements-scale.txt). Only `lib.cli` imports this."""
