"""Where a replay stands: play, pause, speed and jumps, without Qt and without pictures."""

from facecam.timing import Clock, monotonic_s

SPEEDS = (0.25, 0.5, 1.0, 1.5, 2.0, 4.0)


class Player:
    """Owned by the Qt thread.

    Args:
        duration_s: Length in seconds.
        clock: Monotonic seconds.
    """

    def __init__(self, duration_s: float, clock: Clock = monotonic_s) -> None:
        self._clock = clock
        self.duration_s = max(duration_s, 0.0)
        self.speed = 1.0
        self._since_s: float | None = None
        self._from_s = 0.0

    @property
    def playing(self) -> bool:
        """Whether time goes on."""
        return self._since_s is not None

    @property
    def position_s(self) -> float:
        """The time that is shown, in seconds from the beginning; stands still at the end."""
        if self._since_s is None:
            return self._from_s
        at_s = self._from_s + (self._clock() - self._since_s) * self.speed
        if at_s >= self.duration_s:
            self._from_s, self._since_s = self.duration_s, None
            return self.duration_s
        return at_s

    def play(self) -> None:
        """Let time go on; from the beginning where it stands at the end."""
        if self.playing:
            return
        if self._from_s >= self.duration_s - 1e-3:
            self._from_s = 0.0
        self._since_s = self._clock()

    def pause(self) -> None:
        """Hold the time."""
        self._from_s, self._since_s = self.position_s, None

    def seek(self, t_s: float) -> None:
        """Go to a time; playing goes on from there."""
        self._from_s = min(max(t_s, 0.0), self.duration_s)
        if self._since_s is not None:
            self._since_s = self._clock()

    def set_speed(self, speed: float) -> None:
        """Take another speed, 1.0 being true time."""
        self.seek(self.position_s)
        self.speed = speed
