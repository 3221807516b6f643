"""Colours, sizes and the style sheet of the window, dark and light."""

from dataclasses import dataclass

from facecam.vision.palette import HUES

GRID_PX = 8
RADIUS_PX = 8
SIZE_SMALL_PX, SIZE_BODY_PX, SIZE_BIG_PX = 11, 13, 30
EASE_S = 0.15
"""Time in which a bar comes to rest (WINDOW.md asks for 120 to 180 ms)."""


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours as "#rrggbb". Text holds 4.5:1 on `window` and `panel`, hues hold 3:1 on `panel`."""

    dark: bool
    window: str
    panel: str
    raised: str
    border: str
    text: str
    muted: str
    accent: str
    on_accent: str
    track: str
    warning: str
    error: str
    hues: tuple[str, ...]


DARK = Theme(
    dark=True,
    window="#0f1216",
    panel="#171b21",
    raised="#222831",
    border="#2c343f",
    text="#e8ecf1",
    muted="#93a0ad",
    accent="#56b4e9",
    on_accent="#0b1620",
    track="#2a313b",
    warning="#e6b34a",
    error="#f08a70",
    hues=HUES,
)

# The overlay's hues, darkened until they hold 3:1 on white.
LIGHT = Theme(
    dark=False,
    window="#f6f7f9",
    panel="#ffffff",
    raised="#eceff3",
    border="#d5dae1",
    text="#14181d",
    muted="#5b6773",
    accent="#0072b2",
    on_accent="#ffffff",
    track="#e3e7ec",
    warning="#8a5a00",
    error="#b3361b",
    hues=("#b87800", "#2b8cc4", "#938700", "#008a64", "#b8578c", "#c65600", "#0072b2"),
)


def hue(theme: Theme, index: int) -> str:
    """Return the colour of the head at `index` in the model's order; repeats past the seventh."""
    return theme.hues[index % len(theme.hues)]


def style_sheet(theme: Theme, arrow_file: str) -> str:
    """Return the Qt style sheet of the whole application.

    Args:
        theme: Its colours.
        arrow_file: Path of the arrow of a drop-down list; forward slashes on every system.
    """
    t = theme
    return f"""
* {{ font-size: {SIZE_BODY_PX}px; }}
QMainWindow, QDialog {{ background: {t.window}; color: {t.text}; }}
QWidget {{ color: {t.text}; }}
QLabel {{ background: transparent; }}
QLabel[role="muted"] {{ color: {t.muted}; }}
QLabel[role="title"] {{ font-size: 18px; font-weight: 600; }}
QMenuBar {{ background: {t.window}; color: {t.text}; padding: 2px 4px; }}
QMenuBar::item {{ padding: 4px 8px; border-radius: 4px; background: transparent; }}
QMenuBar::item:selected {{ background: {t.raised}; }}
QMenu {{ background: {t.panel}; color: {t.text}; border: 1px solid {t.border}; padding: 4px; }}
QMenu::item {{ padding: 6px 24px 6px 8px; border-radius: 4px; }}
QMenu::item:selected {{ background: {t.raised}; }}
QMenu::item:disabled {{ color: {t.muted}; }}
QMenu::icon {{ padding-left: 6px; }}
QMenu::separator {{ height: 1px; background: {t.border}; margin: 4px 8px; }}
QToolBar {{ background: {t.window}; border: none; border-bottom: 1px solid {t.border};
  spacing: 4px; padding: 4px 8px; }}
QToolBar::separator {{ width: 1px; background: {t.border}; margin: 6px 4px; }}
QToolButton, QPushButton {{ background: transparent; color: {t.text}; border: 1px solid transparent;
  border-radius: {RADIUS_PX - 2}px; padding: 5px 8px; }}
QPushButton {{ background: {t.raised}; border-color: {t.border}; padding: 7px 14px; }}
QPushButton[role="primary"] {{ background: {t.accent}; color: {t.on_accent};
  border-color: {t.accent}; font-weight: 600; }}
QToolButton:hover, QPushButton:hover {{ background: {t.raised}; border-color: {t.border}; }}
QPushButton[role="primary"]:hover {{ background: {t.accent}; border-color: {t.text}; }}
QToolButton:checked {{ background: {t.raised}; border-color: {t.accent}; }}
QToolButton:checked:disabled {{ background: transparent; border-color: {t.border}; }}
QToolButton:pressed, QPushButton:pressed {{ background: {t.border}; }}
QToolButton:disabled, QPushButton:disabled {{ color: {t.muted}; }}
QToolButton:focus, QPushButton:focus {{ border-color: {t.accent}; }}
QToolButton[role="chooser"] {{ background: {t.raised}; border-color: {t.border};
  padding-right: 22px; }}
QToolButton[role="chooser"]::menu-indicator {{ subcontrol-origin: padding;
  subcontrol-position: center right; right: 7px; }}
QToolButton[role="menu"] {{ padding-right: 18px; }}
QToolButton[role="menu"]::menu-indicator {{ subcontrol-origin: padding;
  subcontrol-position: center right; right: 4px; }}
QToolButton[role="quiet"]::menu-indicator {{ image: none; }}
QScrollArea {{ border: none; background: transparent; }}
#panel, #panelBody {{ background: {t.panel}; }}
#panel {{ border-left: 1px solid {t.border}; }}
#explain {{ border-top: 1px solid {t.border}; background: {t.panel}; }}
#ribbon, #notice {{ background: {t.raised}; border-bottom: 1px solid {t.border}; }}
#ribbon QPushButton, #notice QPushButton {{ padding: 3px 10px; background: {t.panel}; }}
#stateCard {{ background: {t.panel}; border: 1px solid {t.border};
  border-radius: {RADIUS_PX}px; }}
#statusLine {{ background: {t.window}; border-top: 1px solid {t.border}; }}
#statusLine QToolButton {{ padding: 2px 6px; color: {t.muted}; font-size: 12px; }}
QTextBrowser, QPlainTextEdit {{ background: {t.panel}; border: 1px solid {t.border};
  border-radius: {RADIUS_PX}px; padding: 8px; }}
QComboBox, QLineEdit {{ background: {t.panel}; border: 1px solid {t.border};
  border-radius: {RADIUS_PX - 2}px; padding: 5px 8px; selection-background-color: {t.accent};
  selection-color: {t.on_accent}; }}
QComboBox:focus, QLineEdit:focus {{ border-color: {t.accent}; }}
QComboBox::drop-down {{ border: none; width: 24px; }}
QComboBox::down-arrow {{ image: url("{arrow_file}"); width: 12px; height: 12px; }}
QComboBox QAbstractItemView {{ background: {t.panel}; color: {t.text};
  selection-background-color: {t.raised}; selection-color: {t.text}; }}
QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {t.track}; }}
QSlider::sub-page:horizontal {{ height: 4px; border-radius: 2px; background: {t.accent}; }}
QSlider::handle:horizontal {{ width: 14px; margin: -5px 0; border-radius: 7px;
  background: {t.text}; }}
QSlider::handle:horizontal:focus {{ background: {t.accent}; }}
QToolTip {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.border};
  padding: 4px 6px; }}
QProgressBar {{ background: {t.track}; border: none; border-radius: 2px; max-height: 4px; }}
QProgressBar::chunk {{ background: {t.accent}; border-radius: 2px; }}
QScrollBar:vertical {{ background: transparent; width: 8px; margin: 0; }}
QScrollBar::handle:vertical {{ background: {t.border}; border-radius: 4px; min-height: 24px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""
