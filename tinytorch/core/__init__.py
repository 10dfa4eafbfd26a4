"""The parts of TinyTorch that the lessons export."""
