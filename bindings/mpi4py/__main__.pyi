from .run import main as main
