"""Class activation maps of still pictures, and what they are worth.

- targets: what is explained, a class's logit, its probability or an expected value
- methods: the formulas, in NumPy, on feature maps and their gradients
- score_cam: the one method that asks the model about masked pictures
- explained: what a model must give; keras_model and package_model give it, loading chooses
- statistics: where a map lies, in numbers
- placing: from the grid of feature maps to the crop and the picture
- pictures: finds the faces of a picture and explains them
- panels, map_files: figures, and the files they go to
- randomization: does a map depend on the weights at all
- face_maps: mean maps in the aligned face frame
"""
