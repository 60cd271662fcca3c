"""Images: sparse in wavelets, in their gradient, or under any analysis operator."""
