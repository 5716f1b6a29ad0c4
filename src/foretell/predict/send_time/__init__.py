"""When and how to reach each person: by what they did themselves, shrunk to people like them.

Enters: the log up to an instant. Leaves: rows of the view ``send_times`` and how well later clicks were foreseen. For
the room ``predict`` alone; its doors are ``send_times``, ``best_hour``, ``best_channel`` and ``refresh_send_times``.
"""
