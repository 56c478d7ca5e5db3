"""The simulator's parts. Pretraining never imports this package: a test part must stay unseen."""
