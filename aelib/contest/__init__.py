"""What lesson 9 computes from your own images: which method to take, and which images to look at."""
