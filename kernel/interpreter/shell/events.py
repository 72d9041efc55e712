"""IPython's callbacks around a cell."""

from IPython.core.events import EventManager


class CellEvents(EventManager):
    """A callback that Stop ends is no failed callback: it is the cell that ends."""

    def trigger(self, event, *args, **kwargs):
        for callback in list(self.callbacks[event]):
            try:
                callback(*args, **kwargs)
            except Exception:
                if self.print_on_error:
                    print(f"Error in callback {callback} (for {event}):")
                self.shell.showtraceback()
