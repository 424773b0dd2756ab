"""Writes the inputs on which int8 variants are calibrated: faces of training people, aligned by the product's own code.

Runs in the product's environment, unlike its neighbours: only its arrays travel to TensorFlow.
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lfw import central, pictures_of, read_lfw, shared_folder

from edge_agent.vision.face_align import CLOSE, WIDE, face_chip
from edge_agent.vision.face_embed import close_tensor, wide_tensor
from edge_agent.vision.face_reader import FaceReader
from edge_agent.vision.manifest import find_models, load_manifest
from edge_agent.vision.picture import read_picture

PICTURES = 300


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path, help="folder for dlib_resnet.npy and hse_faceres.npy")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    lfw = read_lfw(shared_folder(None))
    pictures = pictures_of(lfw.train)
    detector = FaceReader.open(load_manifest(find_models())).detector
    close, wide = [], []
    for picture in pictures[:: len(pictures) // PICTURES]:
        pixels = read_picture(lfw.path(picture))
        faces = detector.detect(pixels)
        if faces:
            face = faces[central(pixels, [f.box_px for f in faces])]
            close.append(close_tensor(face_chip(pixels, face, CLOSE))[0])
            wide.append(wide_tensor(face_chip(pixels, face, WIDE))[0])
    np.save(args.output / "dlib_resnet.npy", np.stack(close))
    np.save(args.output / "hse_faceres.npy", np.stack(wide))


if __name__ == "__main__":
    main()
