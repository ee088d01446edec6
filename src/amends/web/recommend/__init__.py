"""What to do: policy in force and what has been learnt."""
