"""Images: splitting in the Fourier domain, primal-dual steps, wavelet bands."""
