"""LiteRT without its chatter."""

import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_stderr_lock = threading.Lock()


@contextmanager
def litert_quiet() -> Iterator[None]:
    """Keep LiteRT's notes from standard error while the block runs; pass on everything else.

    LiteRT prints "INFO: Created TensorFlow Lite XNNPACK delegate for CPU." to file descriptor 2,
    and none of TF_CPP_MIN_LOG_LEVEL, LITERT_LOG_LEVEL and GLOG_minloglevel stops it
    (ai-edge-litert 2.3). Can go when one of them does.
    """
    with _stderr_lock, tempfile.TemporaryFile() as caught:
        try:
            sys.stderr.flush()
            kept = os.dup(2)
        except (AttributeError, OSError, ValueError):  # a windowed program may have no stderr
            yield
            return
        os.dup2(caught.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            caught.seek(0)
            notes = (b"INFO: ", b"WARNING: All log messages before absl::InitializeLog")
            for line in caught:
                if not line.startswith(notes):
                    os.write(kept, line)
            os.close(kept)
