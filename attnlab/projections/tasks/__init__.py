"""What a layer is trained to do, each with its own rule about the position that must be attended to."""
