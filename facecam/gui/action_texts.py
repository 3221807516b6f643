"""The words of actions: what stands in the menus, and what the tool tips say."""

from PySide6.QtCore import QCoreApplication


def action_texts() -> dict[str, tuple[str, str]]:
    """Return name of an action to its text and its tool tip, in the language of the interface."""
    translate = QCoreApplication.translate
    return {
        "open": (
            translate("actions", "&Open file…"),
            translate("actions", "Play a video, or look at a picture"),
        ),
        "open_address": (
            translate("actions", "Open &address…"),
            translate("actions", "Play a camera or video on the network"),
        ),
        "demo": (
            translate("actions", "Play the &demo clip"),
            translate("actions", "Play the clip that comes with facecam"),
        ),
        "replay": (
            translate("actions", "Start a&gain"),
            translate("actions", "Play from the beginning, or try the camera again"),
        ),
        "snapshot": (
            translate("actions", "&Snapshot…"),
            translate(
                "actions", "Save this picture with boxes and bars, as others see you (not mirrored)"
            ),
        ),
        "snapshot_plain": (
            translate("actions", "Snapshot without &bars…"),
            translate("actions", "Save this picture as the camera gave it"),
        ),
        "settings": (
            translate("actions", "Se&ttings…"),
            translate("actions", "Language, colours and motion"),
        ),
        "quit": (translate("actions", "&Quit"), translate("actions", "Close facecam")),
        "mirror": (
            translate("actions", "&Mirror"),
            translate("actions", "Show the video as in a mirror"),
        ),
        "bars": (
            translate("actions", "&Bars on video"),
            translate("actions", "Draw boxes and bars beside each face"),
        ),
        "freeze": (
            translate("actions", "Free&ze"),
            translate("actions", "Hold this picture; press again to go on"),
        ),
        "panel": (
            translate("actions", "Side &panel"),
            translate("actions", "Show the stats of the selected face"),
        ),
        "full_screen": (
            translate("actions", "&Full screen"),
            translate("actions", "Only the video; Esc goes back"),
        ),
        "previous_face": (
            translate("actions", "&Previous face"),
            translate("actions", "Show the stats of the face before"),
        ),
        "next_face": (
            translate("actions", "&Next face"),
            translate("actions", "Show the stats of the face after"),
        ),
        "pin": (
            translate("actions", "&Keep this face"),
            translate("actions", "Stay with this face when it leaves the picture"),
        ),
        "about_model": (
            translate("actions", "&What do the numbers mean?"),
            translate(
                "actions", "What the model was made of, how well it does, and what it cannot know"
            ),
        ),
        "details": (
            translate("actions", "&Figures…"),
            translate("actions", "All measured rates and times"),
        ),
        "keys": (translate("actions", "&Keys…"), translate("actions", "All keyboard shortcuts")),
        "about": (
            translate("actions", "&About facecam"),
            translate("actions", "Version and licences"),
        ),
        "open_recording": (
            translate("actions", "Open &recording…"),
            translate("actions", "Look at a recording with its stats"),
        ),
        "record": (
            translate("actions", "&Record"),
            translate("actions", "Record the video into a file"),
        ),
        "pause_recording": (
            translate("actions", "&Pause recording"),
            translate("actions", "Leave out what comes until you go on"),
        ),
        "save_recent": (
            translate("actions", "Save the las&t 10 seconds"),
            translate("actions", "Keep what just happened as a video"),
        ),
        "keep_recent": (
            translate("actions", "&Keep the last 10 seconds ready"),
            translate("actions", "In memory only, until you save them; costs a little speed"),
        ),
        "blur": (
            translate("actions", "&Blur all faces"),
            translate("actions", "Make every face unrecognisable, here and in recordings"),
        ),
        "record_lossless": (
            translate("actions", "&Lossless camera video"),
            translate("actions", "Bit for bit as the camera gave it; takes much room"),
        ),
        "record_session": (
            translate("actions", "Keep stats for repla&y"),
            translate("actions", "A folder beside the video with the stats of every frame"),
        ),
        "record_countdown": (
            translate("actions", "Count &down from three"),
            translate("actions", "Time to sit up before a recording begins"),
        ),
        "recordings_folder": (
            translate("actions", "Show the &folder of recordings"),
            translate("actions", "Open it in the file manager"),
        ),
        "choose_folder": (
            translate("actions", "&Choose the folder…"),
            translate("actions", "Where recordings go"),
        ),
        "ring": (
            translate("actions", "&Ring of stats"),
            translate("actions", "Draw the yes/no stats as a ring around each face"),
        ),
        "explain": (
            translate("actions", "&Explain"),
            translate("actions", "Show on the video what a reading looks at"),
        ),
        "hide_controls": (
            translate("actions", "&Hide controls"),
            translate("actions", "Only the video in this window; H brings them back"),
        ),
    }
