"""The list of cameras on each system."""

import json
import sys
from pathlib import Path

import pytest

from facecam.capture.devices import (
    CameraDevice,
    find_again,
    linux_cameras,
    list_cameras,
    parse_pnp_names,
    parse_system_profiler,
    programs_using,
    queried_cameras,
)

CAPTURE, METADATA, OUTPUT = 0x1, 0x00800000, 0x2


@pytest.fixture
def sys_class(tmp_path: Path) -> Path:
    """Two webcams with two nodes each, as the uvcvideo driver makes them, and a loopback."""
    nodes = [
        ("video0", "Integrated Camera: Integrated C", "0"),
        ("video1", "Integrated Camera: Integrated C", "1"),
        ("video10", "HD Pro Webcam C920", "0"),
        ("video2", "HD Pro Webcam C920", "1"),
        ("video3", "Loopback", "0"),
    ]
    for node, name, index in nodes:
        (tmp_path / node).mkdir()
        (tmp_path / node / "name").write_text(name + "\n")
        (tmp_path / node / "index").write_text(index + "\n")
    (tmp_path / "v4l-subdev0").mkdir()
    return tmp_path


def test_only_nodes_that_give_pictures_are_listed(sys_class: Path) -> None:
    bits = {"video0": CAPTURE, "video1": METADATA, "video10": CAPTURE, "video3": OUTPUT}
    found = linux_cameras(sys_class, Path("/dev"), lambda node: bits.get(node.name, METADATA))
    assert [(device.index, device.name, device.path) for device in found] == [
        (0, "Integrated Camera", "/dev/video0"),
        (10, "HD Pro Webcam C920", "/dev/video10"),
    ]


def test_first_node_counts_where_the_driver_may_not_be_asked(sys_class: Path) -> None:
    found = linux_cameras(sys_class, Path("/dev"), lambda node: None)
    assert [device.index for device in found] == [0, 3, 10]


def test_nodes_that_cannot_be_opened_do_no_harm(sys_class: Path, tmp_path: Path) -> None:
    found = linux_cameras(sys_class, tmp_path / "no-dev")
    assert [device.index for device in found] == [0, 3, 10]


def test_machine_without_video4linux(tmp_path: Path) -> None:
    assert linux_cameras(tmp_path / "none") == ()


def test_camera_without_a_name(tmp_path: Path) -> None:
    (tmp_path / "video4").mkdir()
    assert linux_cameras(tmp_path, Path("/dev"), lambda _: CAPTURE)[0].name == "Camera 4"


def test_macos_names_come_in_opencv_order() -> None:
    output = json.dumps(
        {
            "SPCameraDataType": [
                {"_name": "Phone", "spcamera_unique-id": "B"},
                {"_name": "FaceTime HD Camera", "spcamera_unique-id": "A"},
            ]
        }
    )
    assert parse_system_profiler(output) == ("FaceTime HD Camera", "Phone")


def test_windows_names() -> None:
    assert parse_pnp_names("") == ()
    assert parse_pnp_names('{"Name": "USB Camera"}') == ("USB Camera",)
    assert parse_pnp_names('[{"Name": "A"}, {"Name": "B"}]') == ("A", "B")


def test_system_that_answers() -> None:
    command = (sys.executable, "-c", """print('[{"Name": "A"}, {"Name": "B"}]')""")
    found = queried_cameras(command, parse_pnp_names)
    assert found == (
        CameraDevice(0, "A", identity="name:A"),
        CameraDevice(1, "B", identity="name:B"),
    )


@pytest.mark.parametrize(
    "command",
    [
        ("no-such-command-at-all",),
        (sys.executable, "-c", "raise SystemExit(1)"),
        (sys.executable, "-c", "print('not json')"),
        (sys.executable, "-c", "print('[1, 2]')"),
    ],
)
def test_system_that_fails_leaves_the_first_index(command: tuple[str, ...]) -> None:
    assert queried_cameras(command, parse_pnp_names) == (CameraDevice(0, "Camera 0"),)


def test_system_that_does_not_answer_is_not_waited_for() -> None:
    blocked = (sys.executable, "-c", "import threading; threading.Event().wait()")
    assert queried_cameras(blocked, parse_pnp_names, 0.2) == (CameraDevice(0, "Camera 0"),)


def test_this_machine_is_listed_without_an_error() -> None:
    found = list_cameras()
    assert all(device.name and device.index >= 0 for device in found)


def plug_in(root: Path, node: str, port: str, *, serial: str = "", product: str = "082d") -> None:
    """Make a node of a USB camera in one of the machine's ports, as sysfs shows it."""
    usb = root / "devices" / port
    interface = usb / f"{port}:1.0"
    interface.mkdir(parents=True, exist_ok=True)
    for name, value in (("idVendor", "046d"), ("idProduct", product), ("serial", serial)):
        if value:
            (usb / name).write_text(value + "\n")
    entry = root / "class" / node
    entry.mkdir(parents=True)
    (entry / "name").write_text("Webcam\n")
    (entry / "index").write_text("0\n")
    (entry / "device").symlink_to(interface)


def identities(root: Path) -> dict[int, str]:
    found = linux_cameras(root / "class", Path("/dev"), lambda node: CAPTURE)
    return {device.index: device.identity for device in found}


def test_camera_is_found_again_under_another_index(tmp_path: Path) -> None:
    plug_in(tmp_path / "before", "video0", "1-4", serial="A1")
    plug_in(tmp_path / "before", "video2", "1-5", serial="B2")
    wanted = identities(tmp_path / "before")[0]
    plug_in(tmp_path / "after", "video0", "1-5", serial="B2")
    plug_in(tmp_path / "after", "video1", "1-7", serial="A1")
    devices = linux_cameras(tmp_path / "after" / "class", Path("/dev"), lambda node: CAPTURE)
    again = find_again(wanted, devices)
    assert again is not None
    assert again.index == 1, "by its serial number, in another port"


def test_alike_cameras_without_serial_numbers_are_told_by_their_port(tmp_path: Path) -> None:
    plug_in(tmp_path, "video0", "1-4")
    plug_in(tmp_path, "video2", "1-5")
    devices = linux_cameras(tmp_path / "class", Path("/dev"), lambda node: CAPTURE)
    for device in devices:
        assert find_again(device.identity, devices) == device
    moved = devices[0].identity.replace("1-4", "1-9")
    assert find_again(moved, devices) is None, "it could be either"
    assert find_again(moved, devices[1:]) == devices[1], "only one is left"


def test_another_product_in_the_same_port_is_another_camera(tmp_path: Path) -> None:
    plug_in(tmp_path / "before", "video0", "1-4")
    plug_in(tmp_path / "after", "video0", "1-4", product="0825")
    devices = linux_cameras(tmp_path / "after" / "class", Path("/dev"), lambda node: CAPTURE)
    assert find_again(identities(tmp_path / "before")[0], devices) is None


def test_camera_without_usb_has_its_name_for_an_identity(sys_class: Path) -> None:
    devices = linux_cameras(sys_class, Path("/dev"), lambda node: CAPTURE)
    assert len({device.identity for device in devices}) == len(devices)
    assert devices[0].kin == "name:Integrated Camera: Integrated C:0"


def test_programs_that_hold_a_node_are_named(tmp_path: Path) -> None:
    for number, name, target in ((41, "cheese", "/dev/video0"), (42, "bash", "/dev/null")):
        process = tmp_path / str(number)
        (process / "fd").mkdir(parents=True)
        (process / "comm").write_text(name + "\n")
        (process / "fd" / "7").symlink_to(target)
    (tmp_path / "43").mkdir()  # of another account, or gone just now
    (tmp_path / "self").mkdir()
    assert programs_using("/dev/video0", tmp_path) == ("cheese (process 41)",)
    assert programs_using("/dev/video1", tmp_path) == ()
    assert programs_using("/dev/video0", tmp_path / "none") == ()
