"""What spans rooms: catalogue files in and out."""
