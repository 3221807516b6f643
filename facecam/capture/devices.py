"""The cameras of this machine, with their names."""

import contextlib
import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_QUERY_TIMEOUT_S = 6.0
_SYS_CLASS = Path("/sys/class/video4linux")
_DEV = Path("/dev")

# <linux/videodev2.h>: _IOR('V', 0, struct v4l2_capability), 104 bytes.
_VIDIOC_QUERYCAP = 0x80685600
_CAP_VIDEO_CAPTURE = 0x00000001
_CAP_VIDEO_CAPTURE_MPLANE = 0x00001000
_CAP_DEVICE_CAPS = 0x80000000


@dataclass(frozen=True, slots=True)
class CameraDevice:
    """One camera.

    Attributes:
        index: Number to open it with.
        name: Name for people; "Camera 0" where the system tells none.
        path: Device node on Linux, "" elsewhere.
        identity: Tells it from other cameras whatever its index is: maker, product, serial number
            and part, then "@" and where it is plugged in. Without USB its name stands for these.
    """

    index: int
    name: str
    path: str = ""
    identity: str = ""

    @property
    def kin(self) -> str:
        """The identity without the place."""
        return self.identity.rpartition("@")[0] or self.identity


def find_again(identity: str, devices: Sequence[CameraDevice]) -> CameraDevice | None:
    """Return the camera with an identity: in its old place, else anywhere if there is just one.

    Cheap cameras have no serial number, or all the same: of two alike only the place tells.
    """
    kin = CameraDevice(-1, "", identity=identity).kin
    for alike in (
        [device for device in devices if device.identity == identity],
        [device for device in devices if device.kin == kin],
    ):
        if len(alike) == 1:
            return alike[0]
    return None


def list_cameras() -> tuple[CameraDevice, ...]:
    """Return the cameras by index, without starting any of them.

    macOS and Windows are asked for 6 s at most; on Linux each device node is opened to be asked
    what it is, which waits as long as its driver does.

    On macOS and Windows the order in which OpenCV counts is a best guess; where the system does not
    answer at all, camera 0 is listed without a name, for it may well exist.
    """
    platform: str = sys.platform  # a plain str, or mypy takes the other branches for dead
    if platform == "darwin":
        return queried_cameras(_MACOS_COMMAND, parse_system_profiler)
    if platform == "win32":
        return queried_cameras(_WINDOWS_COMMAND, parse_pnp_names)
    return linux_cameras()


def linux_cameras(
    sys_class: Path = _SYS_CLASS,
    dev: Path = _DEV,
    capabilities: Callable[[Path], int | None] | None = None,
) -> tuple[CameraDevice, ...]:
    """Return the Video4Linux nodes that give pictures.

    A webcam has several nodes; the one for metadata has a name as well but gives none. The driver
    says which is which; where it may not be asked, only the first node of each camera counts.

    Args:
        sys_class: Folder with one entry a node, each with `name` and `index`.
        dev: Folder with the device nodes.
        capabilities: Returns a node's V4L2 capability bits, None when it cannot be asked.
    """
    ask = capabilities or _v4l2_capabilities
    found: list[CameraDevice] = []
    try:
        entries = [entry for entry in sys_class.iterdir() if entry.name.startswith("video")]
    except OSError:
        return ()
    for entry in entries:
        number = entry.name.removeprefix("video")
        if not number.isdecimal():
            continue
        bits = ask(dev / entry.name)
        if bits is None:
            is_camera = _first_line(entry / "index") in ("", "0")
        else:
            is_camera = bool(bits & (_CAP_VIDEO_CAPTURE | _CAP_VIDEO_CAPTURE_MPLANE))
        if is_camera:
            name = _first_line(entry / "name") or f"Camera {number}"
            identity = _identity(entry, name)
            found.append(
                CameraDevice(int(number), _tidy_name(name), str(dev / entry.name), identity)
            )
    return tuple(sorted(found, key=lambda device: device.index))


def _first_line(path: Path) -> str:
    with contextlib.suppress(OSError):
        return path.read_text("utf-8", "replace").strip()
    return ""


def _identity(entry: Path, name: str) -> str:
    """Return the identity of a node from what sysfs tells of the USB device behind it."""
    part = _first_line(entry / "index")
    try:
        interface = (entry / "device").resolve(strict=True)
    except (OSError, RuntimeError):
        return f"name:{name}:{part}@"
    usb = interface.parent  # of 1-4:1.0, the first interface of what is plugged into port 1-4
    product = ":".join(_first_line(usb / item) for item in ("idVendor", "idProduct", "serial"))
    if product == "::":
        return f"name:{name}:{part}@{interface}"
    number = interface.name.rpartition(":")[2]
    return f"usb:{product}:{number}:{part}@{interface}"


def programs_using(node: str | Path, proc: Path = Path("/proc")) -> tuple[str, ...]:
    """Return the other programs that hold a device node open, as "cheese (process 4711)".

    Only those of the same account can be seen; () on systems without /proc.
    """
    users = []
    try:
        processes = [item for item in proc.iterdir() if item.name.isdecimal()]
    except OSError:
        return ()
    for process in processes:
        if int(process.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            if any(os.readlink(link) == str(node) for link in (process / "fd").iterdir()):
                name = _first_line(process / "comm") or "a program"
                users.append(f"{name} (process {process.name})")
    return tuple(sorted(users))


def _tidy_name(name: str) -> str:
    """Drop the repetition that the uvcvideo driver makes of names ("HD Cam: HD Cam")."""
    first, separator, second = name.partition(": ")
    return first if separator and first.startswith(second.strip()) else name


def _v4l2_capabilities(node: Path) -> int | None:
    """Return the capability bits of one node, or None when it cannot be asked."""
    if sys.platform != "linux":
        return None
    import fcntl

    try:
        handle = os.open(node, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        answer = bytearray(104)
        fcntl.ioctl(handle, _VIDIOC_QUERYCAP, answer)
    except OSError:
        return None
    finally:
        os.close(handle)
    capabilities, device_caps = struct.unpack_from("II", answer, 84)
    return int(device_caps if capabilities & _CAP_DEVICE_CAPS else capabilities)


_MACOS_COMMAND = ("system_profiler", "-json", "SPCameraDataType")
_WINDOWS_COMMAND = (
    "powershell",
    "-NoProfile",
    "-NonInteractive",
    "-Command",
    "[Console]::OutputEncoding=[Text.Encoding]::UTF8;"
    "Get-CimInstance Win32_PnPEntity | Where-Object {$_.PNPClass -in 'Camera','Image' "
    "-and $_.Status -eq 'OK'} | Select-Object Name | ConvertTo-Json",
)


def queried_cameras(
    command: Sequence[str],
    parse: Callable[[str], tuple[str, ...]],
    timeout_s: float = _QUERY_TIMEOUT_S,
) -> tuple[CameraDevice, ...]:
    """Return the cameras that a command of the system names; camera 0 when it does not answer."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=timeout_s,
            check=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        names = parse(done.stdout.decode("utf-8", "replace"))
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError, AttributeError):
        return (CameraDevice(0, "Camera 0"),)
    return tuple(
        CameraDevice(index, name, identity=f"name:{name}") for index, name in enumerate(names)
    )


def parse_system_profiler(output: str) -> tuple[str, ...]:
    """Return the names in `system_profiler -json SPCameraDataType`, in OpenCV's order.

    OpenCV sorts AVFoundation devices by their unique id (cap_avfoundation_mac.mm).
    """
    items = json.loads(output)["SPCameraDataType"]
    ordered = sorted(items, key=lambda item: str(item.get("spcamera_unique-id", "")))
    return tuple(str(item["_name"]) for item in ordered)


def parse_pnp_names(output: str) -> tuple[str, ...]:
    """Return the names in PowerShell's JSON: nothing, one object, or a list of objects."""
    if not output.strip():
        return ()
    items = json.loads(output)
    return tuple(str(item["Name"]) for item in (items if isinstance(items, list) else [items]))
