"""Cameras, streams and video files: a thread that keeps the newest frame, and when to take one."""
