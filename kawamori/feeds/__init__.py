"""Live feeds: each is polled as its owner allows, and what came is kept with when it came."""
