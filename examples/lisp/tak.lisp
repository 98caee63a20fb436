; Takeuchi's function: nothing but calls, comparisons and subtractions.
;     07-lisp lisp/tak.lisp [x y z]

(define (tak x y z)
  (if (not (< y x))
      z
      (tak (tak (- x 1) y z)
           (tak (- y 1) z x)
           (tak (- z 1) x y))))

(define numbers
  (if (null? (arguments))
      '(18 12 6)
      (map string->number (arguments))))

(print "(tak " (string-join (map number->string numbers) " ") ") is "
       (apply tak numbers))
