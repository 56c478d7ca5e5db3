"""The console command ``loupe``: the window, and everything that runs without one."""
