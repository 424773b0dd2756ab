"""Photographs through the reader's own process: the agent's template, refusals, and what a picture can do."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_agent.vision.face_enrol import enrol
from edge_agent.vision.face_reader import FaceReader
from edge_agent.vision.frame import Pixels
from edge_agent.vision.manifest import Manifest
from hub_server.enrolment.enrolment import READER, Enroller, EnrolmentUnavailableError, Refused
from hub_server.enrolment.reader import CPU_S_MAX, DATA_BYTES_MAX

ONE_LOOK = "from hub_server.enrolment import reader; import sys; sys.exit(reader.main())"


def encoded(pixels: NDArray[Any], suffix: str = ".png", *options: int) -> bytes:
    return cv2.imencode(suffix, pixels, options)[1].tobytes()


def refused(*photos: bytes) -> dict[int, str]:
    with pytest.raises(Refused) as caught:
        Enroller().enrol(photos)
    return caught.value.reasons


def after(preparation: str) -> Enroller:
    """Its reader is the real one, in a process that was prepared."""
    return Enroller(command=[sys.executable, "-c", f"{preparation}; {ONE_LOOK}"])


def asked(text: str, given: bytes = b"") -> Any:
    """What a Python process of its own prints as JSON."""
    done = subprocess.run([sys.executable, "-c", text], input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


@pytest.mark.usefixtures("runtime")
def test_the_hub_makes_the_template_that_the_agent_makes(manifest: Manifest, astronaut: Pixels) -> None:
    light = np.clip(astronaut.astype(np.int16) + 25, 0, 255).astype(np.uint8)
    expected = enrol(
        FaceReader.open(manifest), [("a", astronaut), ("b", light)], same_score_min=manifest.face.same_score_min
    )
    assert expected.template is not None
    made = Enroller().enrol([encoded(astronaut), encoded(light)])
    assert (made.embedder, made.template_length) == (manifest.face.embedder_id, manifest.face.template_length)
    (template,) = made.templates
    assert np.abs(np.frombuffer(template, "<f4") - expected.template).max() < 1e-6
    assert made.qualities == tuple(quality for _, quality in expected.qualities)


def test_every_photograph_that_will_not_do_is_named_with_its_reason(astronaut: Pixels, hopper: Pixels) -> None:
    assert refused(encoded(astronaut), encoded(hopper)) == {1: "not the same person as in photograph 1"}
    two = np.hstack([astronaut, hopper[:512]])
    reasons = refused(b"", b"no picture", encoded(np.zeros((300, 300, 3), np.uint8)), encoded(astronaut)[:-500])
    assert set(reasons) == {0, 1, 2, 3}
    assert reasons[0] == "empty file"
    assert "no face" in reasons[2]
    assert "2 faces" in refused(encoded(two))[0]


def test_a_small_file_that_claims_to_be_huge_is_refused_by_its_header(astronaut: Pixels) -> None:
    bomb = bytearray(encoded(astronaut))
    bomb[16:24] = (60_000).to_bytes(4, "big") * 2
    assert "absurd dimensions" in refused(bytes(bomb))[0]


def test_the_largest_picture_that_is_read_costs_the_hub_no_memory_and_is_over_in_seconds() -> None:
    bomb = encoded(np.zeros((8000, 8000, 3), np.uint8))
    assert len(bomb) < 200_000
    text = """if True:
        import json, resource, sys
        from hub_server.enrolment.enrolment import Enroller, Refused
        photo = sys.stdin.buffer.read()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            Enroller().enrol([photo])
        except Refused as error:
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            print(json.dumps([error.reasons[0], grown]))
    """
    begun = time.monotonic()
    reason, grown_kib = asked(text, bomb)
    assert "no face" in reason
    assert grown_kib < 4 * 1024
    assert time.monotonic() - begun < 20


@pytest.mark.slow
def test_the_hungriest_pictures_are_refused_each_by_itself(astronaut: Pixels) -> None:
    """64 million pixels, progressive without subsampling: all coefficients in memory, beside the turned picture."""
    coarse = np.random.default_rng(1).integers(0, 255, (125, 125, 3), dtype=np.uint8).repeat(64, 0).repeat(64, 1)
    sampling = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444
    options = (
        cv2.IMWRITE_JPEG_QUALITY,
        20,
        cv2.IMWRITE_JPEG_PROGRESSIVE,
        1,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        sampling,
    )
    jpeg = encoded(coarse, ".jpg", *options)
    tiff = b"II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00"
    body = b"Exif\x00\x00" + tiff  # orientation 6: to be turned by a quarter
    turned = jpeg[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + jpeg[2:]
    assert set(refused(turned, turned, encoded(astronaut), turned, turned)) == {0, 1, 3, 4}


def test_when_a_picture_is_decoded_the_reader_can_open_neither_a_file_nor_a_socket(astronaut: Pixels) -> None:
    spy = """if True:
        import os, socket
        from edge_agent.errors import ImageError
        import edge_agent.vision.picture as picture
        def decode(content):
            said = []
            for act in (lambda: open(os.devnull), lambda: open('/tmp/photo', 'wb'), socket.socket, os.pipe):
                try:
                    act()
                    said.append('opened')
                except OSError as error:
                    said.append(error.strerror)
            raise ImageError(', '.join(said))
        picture.decode_picture = decode
        from hub_server.enrolment import reader
        raise SystemExit(reader.main())
    """
    with pytest.raises(Refused) as caught:
        Enroller(command=[sys.executable, "-c", spy]).enrol([encoded(astronaut)])
    assert caught.value.reasons == {0: ", ".join(["Too many open files"] * 4)}


def test_the_reader_has_little_time_and_memory_leaves_no_core_and_goes_last() -> None:
    text = """if True:
        import json, os, resource
        from hub_server.enrolment.reader import limit
        limit()
        print(json.dumps([resource.getrlimit(getattr(resource, 'RLIMIT_' + n))[0] for n in ('CPU', 'DATA', 'CORE')]
            + [os.nice(0), int(open('/proc/self/oom_score_adj').read())]))
    """
    assert asked(text) == [CPU_S_MAX, DATA_BYTES_MAX, 0, 10, 1000]


def test_what_libraries_print_is_no_part_of_the_answer(astronaut: Pixels) -> None:
    chatty = (
        "import os, hub_server.enrolment.reader as r; load = r._load;"
        "r._load = lambda models: (os.write(1, b'INFO: hello'), load(models))[1]"
    )
    assert len(after(chatty).enrol([encoded(astronaut)]).templates) == 1


def test_missing_models_are_said(tmp_path: Path) -> None:
    with pytest.raises(EnrolmentUnavailableError, match=r"no manifest\.toml in"):
        Enroller(command=[*READER, "--models", str(tmp_path)]).enrol([b"x"])


@pytest.mark.parametrize("package", ["cv2", "numpy"])
def test_a_missing_package_is_said_with_what_installs_it(package: str) -> None:
    with pytest.raises(EnrolmentUnavailableError, match=rf"{package}.*pip install 'shouwang\[hub\]'"):
        after(f"import sys; sys.modules['{package}'] = None").enrol([b"x"])


def test_an_accident_in_the_reader_is_told_without_the_photograph() -> None:
    fall = "import hub_server.enrolment.reader as r; r._read = lambda m, f, photos: 1 / 0"
    with pytest.raises(EnrolmentUnavailableError, match="failed: ZeroDivisionError") as caught:
        after(fall).enrol([b"secret photograph"])
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("question", [b"", b"\x90", b"secret", b"\x91\xc6\x00\x00\x00\x09secret", b"\x91\xa6secret"])
def test_a_question_that_is_none_is_an_accident_that_shows_nothing_of_it(question: bytes) -> None:
    done = subprocess.run(READER, input=question, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"secret" not in done.stderr


def test_asking_for_an_enrolment_loads_nothing_heavy_into_the_hub() -> None:
    text = (
        "import json, sys; import hub_server.enrolment.enrolment;"
        "heavy = {'cv2', 'numpy', 'tflite_runtime', 'ai_edge_litert', 'edge_agent'};"
        "print(json.dumps(sorted(heavy & set(sys.modules))))"
    )
    assert asked(text) == []
