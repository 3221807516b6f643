"""The queue before the encoder: matching, waiting, dropping, and accounting for every frame."""

from dataclasses import replace

import numpy as np
import pytest

from facecam.pipeline.frame_book import AHEAD_S, LATE_S, WAIT_S, FrameBook
from facecam.pipeline.frame_row import Due
from facecam.pipeline.in_between import in_between
from facecam.types import Frame
from tests.fakes import FakeClock, analysis_at, frame_at, smiling


def due_of(book: FrameBook) -> Due:
    due = book.next_due(0.0)
    assert due is not None
    return due


def test_frame_waits_for_its_own_analysis() -> None:
    book = FrameBook(clock=FakeClock())
    book.put(1, frame_at(0))
    assert book.next_due(0.0) is None
    book.put_analysis(1, analysis_at(0, smiling(1)))
    due = due_of(book)
    assert due.before is not None
    assert due.before is due.after
    assert due.before.frame_id == 0


def test_frame_that_was_skipped_lies_between_two_analyses() -> None:
    book = FrameBook(clock=FakeClock())
    for number in range(3):
        book.put(1, frame_at(number))
    book.put_analysis(1, analysis_at(0))
    book.put_analysis(1, analysis_at(2))
    book.settle(due_of(book).row, video_s=0.0)
    due = due_of(book)
    assert due.before is not None
    assert due.after is not None
    assert (due.row.frame_id, due.before.frame_id, due.after.frame_id) == (1, 0, 2)
    assert due.row.analyzed is False


def test_frame_does_not_wait_for_ever() -> None:
    clock = FakeClock()
    book = FrameBook(clock=clock)
    book.put(1, frame_at(0))
    clock.advance(WAIT_S)
    due = due_of(book)
    assert (due.before, due.after) == (None, None)


def looking_ahead(clock: FakeClock, **options: int) -> FrameBook:
    book = FrameBook(clock=clock, **options)
    book.looks_ahead = True
    return book


def test_frame_is_held_until_what_follows_it_is_known_as_well() -> None:
    book = looking_ahead(FakeClock())
    frames = round(AHEAD_S * 30)
    for number in range(frames + 1):
        assert book.next_due(0.0) is None
        book.put(1, frame_at(number))
        book.put_analysis(1, analysis_at(number, smiling(number)))
    due = due_of(book)
    assert due.before is due.after
    assert [item.frame_id for item in due.ahead] == list(range(1, frames + 1))


def test_frame_is_not_held_for_what_follows_where_that_costs_frames_or_time() -> None:
    clock = FakeClock()
    book = looking_ahead(clock, max_frames=8)
    for number in range(3):
        book.put(1, frame_at(number))
        book.put_analysis(1, analysis_at(number))
    assert book.next_due(0.0) is None
    book.put(1, frame_at(3))
    assert due_of(book).row.frame_id == 0, "half full: the rest is for slow moments"
    book = looking_ahead(clock)
    book.put(1, frame_at(0))
    book.put_analysis(1, analysis_at(0))
    assert book.next_due(0.0) is None
    clock.advance(WAIT_S)
    assert due_of(book).row.frame_id == 0
    book = looking_ahead(clock)
    book.put(1, frame_at(0))
    book.put_analysis(1, analysis_at(0))
    book.close()
    assert due_of(book).row.frame_id == 0


def test_another_source_says_nothing_of_what_follows() -> None:
    book = looking_ahead(FakeClock())
    for source in (1, 2):
        book.put(source, frame_at(0))
        book.put_analysis(source, analysis_at(0, smiling(source)))
    due = due_of(book)
    assert (due.row.source, due.ahead) == (1, ())


def test_full_book_drops_the_new_frame_and_says_why() -> None:
    book = FrameBook(lambda: "disk", max_frames=2, clock=FakeClock())
    for number in range(5):
        assert book.put(1, frame_at(number))
    assert book.dropped == {"disk": 3}
    assert book.waiting == 2
    assert book.captured == 5


def test_full_book_gives_up_what_was_not_analysed_first() -> None:
    """Without an analysed frame the statistics could not be found again from the clean video."""
    book = FrameBook(max_frames=3, clock=FakeClock())
    for number in range(3):
        book.put(1, frame_at(number))
    book.put_analysis(1, analysis_at(0))
    book.put_analysis(1, analysis_at(2))
    book.put(1, frame_at(3))
    assert [row.frame_id for row in book._rows if row.frame is not None] == [0, 2, 3]
    book.put(1, frame_at(4))
    assert [row.frame_id for row in book._rows if row.frame is not None] == [0, 2, 3]
    assert book.dropped == {"encoder": 2}


def test_picture_in_work_is_never_given_up() -> None:
    book = FrameBook(max_frames=1, clock=FakeClock())
    book.put(1, frame_at(0))
    book.put_analysis(1, analysis_at(0))
    book.put(1, frame_at(1))
    row = due_of(book).row
    row.analyzed = False
    book.put(1, frame_at(2))
    book.drop_waiting("stopped")
    assert row.frame is not None
    book.settle(row, video_s=0.0)
    assert row.recorded is True


def test_large_pictures_count_by_their_bytes() -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    book = FrameBook(max_bytes=image.nbytes * 3, clock=FakeClock())
    for number in range(5):
        book.put(1, frame_at(number, image))
    assert book.waiting == 3
    assert book.dropped == {"encoder": 2}


def test_one_picture_larger_than_the_bound_is_still_taken() -> None:
    book = FrameBook(max_bytes=10, clock=FakeClock())
    book.put(1, frame_at(0))
    assert book.waiting == 1


def test_rows_leave_in_order_once_everything_is_known() -> None:
    book = FrameBook(clock=FakeClock())
    for number in range(3):
        book.put(1, frame_at(number))
        book.note_shown(1, number) if number != 1 else None
    book.note_shown(1, 1)  # not the newest any more: nobody can have been shown it now
    book.put_analysis(1, analysis_at(2))
    for _ in range(3):
        book.settle(due_of(book).row, video_s=0.0)
    gone = book.leaving()
    assert [row.frame_id for row in gone] == [0, 1], "the newest may still be shown"
    assert [row.shown for row in gone] == [True, False]
    book.close()
    (last,) = book.leaving()
    assert (last.frame_id, last.shown, last.analyzed) == (2, True, True)


def test_late_analysis_is_not_recorded_but_the_row_leaves() -> None:
    clock = FakeClock()
    book = FrameBook(clock=clock)
    book.put(1, frame_at(0))
    clock.advance(WAIT_S)
    book.settle(due_of(book).row, video_s=0.0)
    book.put(1, frame_at(1))
    assert book.leaving() == []
    clock.advance(LATE_S)
    (row,) = book.leaving()
    assert row.analyzed is False
    book.put_analysis(1, analysis_at(0))  # nobody knows this frame any more
    assert row.analysis is None


def test_pause_is_cut_out_of_the_video_and_marked() -> None:
    book = FrameBook(clock=FakeClock())
    for number in range(3):
        book.put(1, frame_at(number))
    book.pause()
    for number in range(3, 90):
        book.put(1, frame_at(number))
    book.resume()
    for number in range(90, 92):
        book.put(1, frame_at(number))
    book.close()
    rows = []
    while (due := book.next_due(0.0)) is not None:
        rows.append(due.row)
        book.settle(due.row, video_s=0.0)
    assert [row.frame_id for row in rows] == [0, 1, 2, 90, 91]
    times_s = [row.video_t_s for row in rows]
    assert times_s == pytest.approx([0, 1 / 30, 2 / 30, 3 / 30, 4 / 30])
    (gap,) = rows[3].gaps
    assert gap == {"why": "pause", "from_t_s": 2 / 30, "to_t_s": 3.0}
    assert book.dropped == {"paused": 87}


def test_another_source_goes_on_in_number_and_time() -> None:
    book = FrameBook(clock=FakeClock())
    book.put(1, frame_at(0))
    book.put(1, frame_at(1))
    other = replace(frame_at(0), captured_s=100.0 + 1 / 30 + 2.0)
    book.put(2, other)
    book.put_analysis(2, analysis_at(0, smiling(5)))
    book.close()
    rows = []
    while (due := book.next_due(0.0)) is not None:
        rows.append(due)
        book.settle(due.row, video_s=0.0)
    last = rows[-1]
    assert last.row.place.number == 2
    assert last.row.place.t_s == pytest.approx(1 / 30 + 2.0)
    assert last.row.gaps[0]["why"] == "source"
    assert last.before is not None
    assert (last.before.frame_id, last.before.source_s) == (2, last.row.place.t_s)
    assert rows[1].after is None, "another source says nothing of this one's faces"


def test_stamp_that_is_no_number_still_gives_growing_times() -> None:
    book = FrameBook(clock=FakeClock())
    for number, stamp in enumerate([float("nan"), 0.5, float("inf"), 0.2]):
        book.put(1, Frame(frame_at(0).image_bgr, number, 100.0 + number, stamp))
    times_s = [row.place.t_s for row in book._rows]
    assert times_s == sorted(set(times_s))
    assert all(np.isfinite(times_s))


def test_analyzer_is_made_fresh_once_and_only_for_frames_that_count() -> None:
    book = FrameBook(clock=FakeClock())
    book.want_fresh()
    assert not book.takes_fresh(1, 0), "captured before the recording began"
    book.put(1, frame_at(1))
    assert book.takes_fresh(1, 1)
    assert not book.takes_fresh(1, 1)


def test_closed_book_takes_nothing_and_hands_out_what_waits() -> None:
    book = FrameBook(clock=FakeClock())
    book.put(1, frame_at(0))
    book.close()
    assert not book.put(1, frame_at(1))
    book.settle(due_of(book).row, dropped="stopped")
    assert book.next_due(10.0) is None
    assert book.dropped == {"stopped": 1}


def test_boxes_move_between_two_analyses() -> None:
    left = smiling(1)
    right = replace(left, box_xywh=(110.0, 20.0, 64.0, 64.0))
    gone = replace(left, track=2)
    found = in_between(analysis_at(0, left, gone), analysis_at(4, right), 3 / 30)
    assert found is not None
    assert [face.track for face in found.faces] == [1], "the one that is gone has gone by now"
    assert found.faces[0].box_xywh == pytest.approx((85.0, 20.0, 64.0, 64.0))
    assert in_between(None, analysis_at(4, right), 0.0) is None
    cut = replace(left, crop_matrix=np.array([[1.0, 0.0, -left.box_xywh[0]], [0.0, 1.0, 0.0]]))
    hidden = in_between(analysis_at(0, cut), analysis_at(4, replace(right, crop_matrix=None)), 0.1)
    assert hidden is not None
    (face,) = hidden.faces
    assert face.crop_matrix is not None
    at = face.crop_matrix @ [*face.box_xywh[:2], 1.0]
    assert at[0] == pytest.approx(0.0, abs=1e-9), "the crop goes with the box"
    far = in_between(analysis_at(0, left), analysis_at(90, right), 1.0)
    assert far is not None
    assert far.faces[0].box_xywh == left.box_xywh, "too far apart to say what lies between"
