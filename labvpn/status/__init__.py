"""Who is connected and what ends soon, for the lab's owner: read over SSH, changing nothing."""
