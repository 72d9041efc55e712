"""History: in memory on every rank, in the user's file only where somebody asks."""

from IPython.core.history import HistoryManager, HistorySavingThread
from traitlets import default


class RankHistory(HistoryManager):
    """Starts in memory.  Many ranks that write one SQLite file over NFS is a known
    failure, and opening it takes time that the first cell waits for: open() comes
    later, on the rank that keeps the history."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, enabled=False, **kwargs)

    def open(self):
        if self.enabled:
            return
        self.enabled = True
        try:
            self.init_db()
            self.new_session()
        except Exception as error:
            self.enabled = False
            self.log.error("The history file cannot be used: %s", error)
            return
        self.save_thread = HistorySavingThread(self)
        self.save_thread.start()
        self.using_thread = True
        self.save_flag.set()

    @default("db_cache_size")
    def _default_db_cache_size(self):
        """Cells do not write: the next one would wait for the disk.  save() does."""
        return 1000

    def save(self):
        """What cells have left goes to the file, by a thread of IPython's."""
        if not self.enabled or not (self.db_input_cache or self.db_output_cache):
            return
        restart = getattr(self, "_restart_thread_if_stopped", None)
        if restart is not None:  # a fork has stopped it
            restart()
        if self.save_flag is not None:
            self.save_flag.set()

    def store_inputs(self, line_num, source, source_raw=None):
        # In[n] is the cell numbered n, also on a rank that %%rank left out before
        for lines in (self.input_hist_parsed, self.input_hist_raw):
            lines.extend([""] * (line_num - len(lines)))
            del lines[line_num:]
        super().store_inputs(line_num, source, source_raw)
        if not self.enabled and len(self.db_input_cache) > 1000:
            del self.db_input_cache[0]

    def end_session(self):
        if self.shell.rank == 0 and self.db_input_cache:
            self.open()  # a session so short that open() has not come yet
        if self.enabled:
            super().end_session()
