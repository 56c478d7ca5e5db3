"""Where frames come from: a watched folder, a replayed folder, the simulator."""
