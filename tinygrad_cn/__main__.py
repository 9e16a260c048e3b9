"""`python -m tinygrad_cn` is the console command `tinygrad-cn`."""

from tinygrad_cn.cli import main

main()
