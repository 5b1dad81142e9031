"""What a matter is: the taxonomy, the words listened for, the classifier. Pure."""
