"""Workshop projects: classes, their photos, settings and the model that is made of them."""
