"""A model from outside, whatever its form: recognised by what it holds, never by its name.

`packed` looks into the file and takes out what is needed; `keras_side` turns Keras's forms into LiteRT, with `tfjs` for
TensorFlow.js and `saved_model` for SavedModel: each in a limited child process. `repairs` mends what Keras 3 refuses of
what Keras 2 and TensorFlow.js wrote; `metadata` is what a LiteRT file says of photos.
"""
