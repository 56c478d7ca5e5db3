"""What computes a backbone's feature maps: which library, in which precision, on which device."""
