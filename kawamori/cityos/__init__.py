"""What a city's data platform reads: entities, features, open data, figures for policy."""
