"""What lesson 9 computes from your own images: a method to take, and images to look at again."""
