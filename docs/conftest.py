"""What pytest leaves alone here: the set-up of Sphinx, and what it builds."""

collect_ignore = ["_build", "conf.py", "gallery", "generated"]
