"""The main job, end to end, in a throw-away repository."""
