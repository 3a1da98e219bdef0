"""Real peers around a real switch: starting and ending processes, sipp scenarios, and what must hold."""
