"""A review that says which labels and which objects are edited, without a dock."""


class FakeReview:
    def __init__(self, labels=None, selected=()):
        self.labels, self.selected_ids = labels, list(selected)

    def select(self, ids):
        self.selected_ids = list(ids)
