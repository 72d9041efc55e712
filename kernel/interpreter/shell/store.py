"""What %store and %cd keep in the user's profile, on the ranks that do not write it."""

from IPython.external.pickleshare import PickleShareDB


class BorrowedStore(PickleShareDB):
    """Many ranks that write one file spoil it: rank 0 does, and all read it."""

    def __setitem__(self, key, value):
        pass

    def __delitem__(self, key):
        pass
