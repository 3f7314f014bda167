"""What a person looks at when a batch is judged: the page of its figures, plots and failures."""
