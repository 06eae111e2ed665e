"""How the documentation is built: `make docs`, no assets from elsewhere."""

project = "川守 Kawamori"
copyright = "Kawamori contributors, Apache-2.0"
language = "ja"
extensions = ["myst_parser"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
html_theme = "alabaster"
html_theme_options = {
    "description": "Decision support for a city's flood desk",
    "fixed_sidebar": True,
    "font_family": "'BIZ UDPGothic', 'Hiragino Sans', 'Noto Sans JP', sans-serif",
}
html_show_sourcelink = False
html_copy_source = False
