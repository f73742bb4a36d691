"""How each machine is told: from the model to documents, objects and sentences."""
